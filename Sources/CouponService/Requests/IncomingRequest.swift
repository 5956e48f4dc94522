// A request touches the catalog, its own texts, the ledger, the reply and scratch memory. What belongs
// to the request travels as one value. The others are parameters of their own: texts are lent as spans,
// and the compiler (Swift 6.3) ties a span to the whole value that it comes from, so that no part of
// that value may change while the span lives; a span of a class's property may not be lent at all.
// See the decision page PartsLentApart.

import CouponRules
import CouponWire
import FlatStorage

/// The request at hand: its fields and texts, the store that it names and the time of its turn.
struct IncomingRequest: ~Copyable {
    private var parser: RequestParser
    private var store = ByteBuffer(capacity: 256)
    /// The cart, the customer and the context in the catalog's symbols, once they are taken in. It
    /// is not private: `takeIn` fills it, in a file of its own.
    var purchase = Purchase()
    /// By code: what the request says of that code alone. Not private, as above.
    var contexts = FlatArray<CodeContext>(capacity: Request.codesMax)
    /// The time of day of the turn in which the request is answered.
    private(set) var now = Instant.distantPast

    init(lineBytesMax: Int) { parser = RequestParser(lineBytesMax: lineBytesMax) }

    /// Reads the next line, given without its end.
    mutating func parse(_ line: Span<UInt8>, at now: Instant) -> ParseOutcome {
        self.now = now
        let outcome = parser.parse(line)
        store.removeAll()
        if parser.request.store.isEmpty {
            store.append("default")
        } else {
            store.append(parser.bytes(of: parser.request.store))
        }
        return outcome
    }

    var fields: Request {
        @inline(__always) _read { yield parser.request }
    }

    /// The bytes of one of the request's texts.
    @inline(__always) @_lifetime(borrow self)
    func bytes(of text: Text) -> Span<UInt8> { parser.bytes(of: text) }

    /// The id to echo, as it was written; empty when the request has none.
    var id: Span<UInt8> {
        @_lifetime(borrow self) get { parser.bytes(of: parser.request.id) }
    }

    /// The name of the store that the request is about; a request that names none means the default.
    var storeName: Span<UInt8> {
        @_lifetime(borrow self) get { store.bytes }
    }

    /// The order that the request names; empty when it names none.
    var order: Span<UInt8> {
        @_lifetime(borrow self) get { parser.bytes(of: parser.request.order) }
    }

    /// When a hold that is made now lapses.
    var holdExpiry: Instant {
        Instant(
            millisecondsSinceEpoch: now.millisecondsSinceEpoch
                + parser.request.holdSeconds * 1_000)
    }
}
