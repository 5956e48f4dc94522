// The daemon as the documentation shows it: the real server without an operating system, with the
// catalog of the page and at one fixed time. So every reply on a page can be compared byte for byte.

import Definitions
import CouponCatalog
import CouponRules
import CouponService
import CouponStore
import CouponWire
import ServerSupport

/// A server that answers the requests of one page, in their order.
struct DocumentationShop: ~Copyable {
    /// 2026-06-15T12:00:00Z, the time of every request on the pages. The daemon has run for an hour.
    static let now = Instant(secondsSinceEpoch: 1_781_524_800)
    static let startedAt = Instant(secondsSinceEpoch: 1_781_521_200)
    static let version: StaticString = "0.1.0"

    private var server: PromptServer
    private var storefront: Conversation
    private var viewer: Conversation
    private var admin: Conversation
    private let definitions: String

    /// A page's catalog that cannot be loaded.
    struct InvalidCatalog: Error {
        let faults: [String]
    }

    init(definitions: String) throws {
        self.definitions = definitions
        let limits = ResourceLimits()
        server = PromptServer(
            catalog: try Self.catalog(of: definitions),
            ledger: Ledger(seed: HashSeed(1), orderLimit: limits.ordersMax), limits: limits,
            facts: ServerFacts(version: Self.version, startedAt: Self.startedAt))
        func conversation(_ id: UInt64, _ role: Role) -> Conversation {
            Conversation(
                id: ConversationID(rawValue: id), terms: ListenerTerms(role: role), limits: limits)
        }
        storefront = conversation(1, .storefront)
        viewer = conversation(2, .viewer)
        admin = conversation(3, .admin)
        server.server.noteConnections(3)
    }

    /// Definitions as `page.yaml` beside the sample configuration, read and compiled.
    static func catalog(of definitions: String) throws -> SharedCatalog {
        let (file, faults) = CatalogReader.read(
            text: definitions, path: SourceTree.root.path + "/config/page.yaml", format: .yaml)
        do throws(CatalogFaults) {
            let files = file.map { [$0] } ?? []
            return SharedCatalog(try Catalog.compile(files, faults: faults))
        } catch {
            throw InvalidCatalog(faults: error.faults.map(\.description))
        }
    }

    /// The faults of definitions that cannot be loaded, one a line; the file is called `page.yaml`.
    static func faults(of definitions: String) -> String {
        let (file, faults) = CatalogReader.read(
            text: definitions, path: "page.yaml", format: .yaml)
        do throws(CatalogFaults) {
            _ = try Catalog.compile(file.map { [$0] } ?? [], faults: faults)
            return ""
        } catch {
            return error.faults.map { "\($0)\n" }.joined()
        }
    }

    /// The reply to a line on a socket with this role, without its line end.
    mutating func reply(to line: String, as role: Role) throws -> String {
        let bytes = Array((line + "\n").utf8)
        let after: AfterRead
        switch role {
        case .storefront: after = server.receive(bytes.span, on: &storefront, at: Self.now)
        case .viewer: after = server.receive(bytes.span, on: &viewer, at: Self.now)
        case .admin: after = server.receive(bytes.span, on: &admin, at: Self.now)
        }
        if after == .awaitAnswer {
            try doTasks()
            while server.server.nextAnswer() != nil {
                _ = server.deliverAnswer(on: &admin, at: Self.now)
            }
        }
        server.noteTurn(nanoseconds: 40_000)
        defer { server.clearOutput() }
        return String(decoding: server.outputCopy.dropLast(), as: UTF8.self)
    }

    /// Does the tasks that the server asks for. They take as long as the pages say.
    private mutating func doTasks() throws {
        while let task = server.nextTask(at: Self.now) {
            switch task {
            case .reload:
                let next = try Self.catalog(of: definitions)
                let changes = next.catalog.changedDerivedIDs(from: server.server.catalog.catalog)
                _ = server.finishReload(
                    .built(next, changes: changes, milliseconds: 12), at: Self.now)
                server.noteTurn(nanoseconds: 180_000)
            case .compaction:
                let byteCount = server.server.encodedState().count
                let compacted = Compacted(sequence: 0, byteCount: byteCount, orderCount: 0)
                server.finishSnapshot(.written(compacted, milliseconds: 3), at: Self.now)
                server.noteTurn(nanoseconds: 95_000)
            case .archive: preconditionFailure("the shop of the pages keeps its orders")
            }
        }
    }
}

extension PromptServer {
    fileprivate var outputCopy: [UInt8] { output.indices.map { output[$0] } }
}

/// A request on a page and the reply that the page shows for it.
struct DocumentedExchange {
    var role: Role
    var request: DocumentationPage.Fence
    var reply: DocumentationPage.Fence
}

extension DocumentationPage {
    /// The catalog that the page's requests are about, if it has any.
    var definitions: String? { fences.first { $0.mark == "catalog" }?.content }

    /// The pairs of `request` (or `request: admin`, `request: viewer`) and `reply`, in order.
    var exchanges: [DocumentedExchange] {
        get throws {
            var exchanges: [DocumentedExchange] = []
            var asked: (role: Role, fence: Fence)?
            for fence in fences where fence.language == "json" {
                switch fence.mark {
                case "request": asked = (.storefront, fence)
                case "request: viewer": asked = (.viewer, fence)
                case "request: admin": asked = (.admin, fence)
                case "reply":
                    guard let (role, request) = asked else {
                        throw Missing(
                            what: "the request of the reply on line \(fence.line)", path: path)
                    }
                    exchanges.append(DocumentedExchange(role: role, request: request, reply: fence))
                    asked = nil
                default:
                    throw Missing(what: "a mark of the fence on line \(fence.line)", path: path)
                }
            }
            if let asked { throw Missing(what: "a reply to line \(asked.fence.line)", path: path) }
            return exchanges
        }
    }
}
