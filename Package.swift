// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target of coupond: language mode 6, warnings as errors, every unsafe
/// construct marked, and spans that may be returned with a stated lifetime.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableExperimentalFeature("Lifetimes"),
]

let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")
let histogram: Target.Dependency = .product(
    name: "Histogram", package: "hdrhistogram-swift")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

/// Only the micro benchmarks need a benchmarking framework: they are part of the package only if
/// `COUPOND_MICRO` is set.
let hasMicroBenchmarks = Context.environment["COUPOND_MICRO"] != nil

let package = Package(
    name: "coupond",
    products: [
        .library(name: "CouponClient", targets: ["CouponClient"]),
        .executable(name: "coupond", targets: ["coupond"]),
        .executable(name: "couponctl", targets: ["couponctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.7.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // The domain. It depends on nothing.
        .target(name: "CouponRules", swiftSettings: strict),
        .testTarget(
            name: "CouponRulesTests", dependencies: ["CouponRules"], swiftSettings: strict),

        // Flat tables and hashing over owned memory.
        .systemLibrary(
            name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .target(name: "FlatStorage", dependencies: ["CXXHash"], swiftSettings: strict),
        .testTarget(
            name: "FlatStorageTests", dependencies: ["FlatStorage"], swiftSettings: strict),

        // What people write: definitions and settings, read with the place of everything.
        .target(
            name: "Definitions", dependencies: ["CouponRules", "FlatStorage", yams],
            swiftSettings: strict),

        // Definitions -> an immutable compiled catalog.
        .target(
            name: "CouponCatalog", dependencies: ["CouponRules", "Definitions", "FlatStorage"],
            swiftSettings: strict),
        .testTarget(
            name: "CouponCatalogTests",
            dependencies: [
                "CouponRules", "CouponCatalog", "Definitions", "FlatStorage",
            ],
            swiftSettings: strict),

        // Uses by coupon, customer and order, and how they reach the disk.
        .target(name: "CouponStore", dependencies: ["FlatStorage"], swiftSettings: strict),
        // What is left of a damaged state: for couponctl, and never part of the daemon.
        .target(
            name: "StoreSalvage", dependencies: ["CouponStore", "FlatStorage"],
            swiftSettings: strict),
        .target(
            name: "StoreSupport", dependencies: ["CouponStore", "StoreSalvage", "FlatStorage"],
            path: "Tests/StoreSupport", swiftSettings: strict),
        .testTarget(
            name: "CouponStoreTests", dependencies: ["CouponStore", "FlatStorage", "StoreSupport"],
            exclude: ["Fixtures"],
            swiftSettings: strict),

        // Requests and replies as lines of JSON.
        .target(
            name: "CJSONLine", cxxSettings: [.define("SIMDJSON_EXCEPTIONS", to: "0")],
            linkerSettings: [.linkedLibrary("simdjson")]),
        .target(
            name: "CouponWire", dependencies: ["CouponRules", "FlatStorage", "CJSONLine"],
            exclude: ["Schemas"], swiftSettings: strict),
        .testTarget(
            name: "CouponWireTests", dependencies: ["CouponRules", "CouponWire", "FlatStorage"],
            swiftSettings: strict),

        // The daemon without an operating system: events in, dispositions out.
        .target(
            name: "CouponService",
            dependencies: [
                "CouponRules", "CouponCatalog", "Definitions", "CouponStore", "CouponWire",
                "FlatStorage",
            ],
            swiftSettings: strict),
        .target(
            name: "ServerSupport", dependencies: ["CouponStore", "CouponService", "FlatStorage"],
            path: "Tests/ServerSupport", swiftSettings: strict),
        .testTarget(
            name: "CouponServiceTests",
            dependencies: [
                "CouponRules", "CouponCatalog", "Definitions", "CouponStore", "CouponWire",
                "CouponService",
                "FlatStorage", "ServerSupport",
            ],
            swiftSettings: strict),

        // Simulates the daemon with a disk that fails and forgets, from one seed.
        .target(
            name: "Simulation",
            dependencies: [
                "CouponRules", "CouponCatalog", "Definitions", "CouponStore", "CouponWire",
                "CouponService",
                "FlatStorage", "StoreSupport",
            ],
            path: "Tests/Simulation", swiftSettings: strict),
        .executableTarget(
            name: "simulate", dependencies: ["Simulation"], path: "Tests/Simulate",
            swiftSettings: strict),
        .testTarget(
            name: "SimulationTests", dependencies: ["Simulation"], swiftSettings: strict),

        // The operating system: libuv made safe, and what is POSIX and not libuv. They know no coupons.
        .systemLibrary(name: "CUv", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .target(name: "UVLoop", dependencies: ["CUv"], swiftSettings: strict),
        .testTarget(
            name: "UVLoopTests", dependencies: ["LoopClient", "Posix", "UVLoop"],
            swiftSettings: strict),
        .systemLibrary(name: "CPosix"),
        .target(name: "Posix", dependencies: ["CPosix"], swiftSettings: strict),
        .testTarget(name: "PosixTests", dependencies: ["Posix"], swiftSettings: strict),

        // Signals before `main` and in a crash, where Swift code may not run.
        .target(name: "CStart", cSettings: [.treatAllWarnings(as: .error)]),

        // The programs.
        .executableTarget(
            name: "coupond",
            dependencies: [
                "CStart", "CouponRules", "CouponCatalog", "Definitions", "CouponStore",
                "CouponWire", "CouponService",
                "FlatStorage", "Posix", "UVLoop", argumentParser, logging, system,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CoupondTests",
            dependencies: [
                "coupond", "CouponRules", "CouponCatalog", "Definitions", "CouponStore",
                "CouponWire",
                "CouponService", "FlatStorage", "Posix", "ServerSupport", "StoreSupport", "UVLoop",
                logging, system,
            ],
            swiftSettings: strict),
        .target(name: "CouponClient", swiftSettings: strict),
        .executableTarget(
            name: "couponctl",
            dependencies: [
                "CouponClient", "CouponRules", "CouponStore", "FlatStorage", "Posix",
                "StoreSalvage",
                argumentParser, system,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CouponClientTests",
            dependencies: [
                "CouponClient", "couponctl", "CouponRules", "CouponStore", "FlatStorage", "Posix",
                "StoreSalvage",
                "StoreSupport",
            ],
            swiftSettings: strict),

        // Crashes on request, which the daemon itself never does.
        .executableTarget(
            name: "crash-probe", dependencies: ["CStart"], path: "Tests/CrashProbe",
            swiftSettings: strict),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "CouponClient", "Posix", "StoreSupport", "coupond", "couponctl", "crash-probe",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "TidyTests",
            dependencies: [
                "CouponRules", "CouponCatalog", "Definitions", "CouponStore", "CouponWire",
                "CouponService",
                "FlatStorage", "ServerSupport",
            ],
            swiftSettings: strict),

        // The measurements and their tools.
        .target(name: "CHeapCount", path: "Benchmarks/CHeapCount"),
        .executableTarget(
            name: "hot-path",
            dependencies: [
                "CHeapCount", "CouponRules", "CouponCatalog", "Definitions", "CouponStore",
                "CouponWire",
                "CouponService", "FlatStorage", "ServerSupport",
            ],
            path: "Benchmarks/HotPath", swiftSettings: strict),
        .systemLibrary(name: "CTimerFD", path: "Benchmarks/CTimerFD"),
        .target(
            name: "LoopClient", dependencies: ["CTimerFD", "Posix", "UVLoop"],
            path: "Benchmarks/LoopClient",
            swiftSettings: strict),
        .target(
            name: "LoadGenerator",
            dependencies: ["FlatStorage", "LoopClient", "Posix", "UVLoop", histogram],
            path: "Benchmarks/LoadGenerator", swiftSettings: strict),
        .testTarget(
            name: "LoadGeneratorTests",
            dependencies: ["LoadGenerator", "FlatStorage", "LoopClient", "Posix", "UVLoop"],
            swiftSettings: strict),
        .executableTarget(
            name: "coupon-bench",
            dependencies: [
                "CouponRules", "CouponCatalog", "Definitions", "CouponStore",
                "CouponWire", "CouponService",
                "FlatStorage", "LoadGenerator", "Posix", argumentParser,
            ],
            path: "Benchmarks/CouponBench", swiftSettings: strict),
        .executableTarget(
            name: "echo-floor", dependencies: ["CUv"], path: "Benchmarks/Echo",
            cSettings: [.treatAllWarnings(as: .error)]),
        .testTarget(
            name: "CouponBenchTests", dependencies: ["coupon-bench", "coupond", "LoadGenerator"],
            swiftSettings: strict),
    ],
    cxxLanguageStandard: .cxx17
)

if hasMicroBenchmarks {
    package.dependencies.append(
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: []))
    package.targets.append(
        .executableTarget(
            name: "Micro",
            dependencies: [
                "CouponRules", "CouponCatalog", "Definitions", "CouponStore", "CouponWire",
                "CouponService",
                "FlatStorage", "ServerSupport", .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Micro",
            // The framework's plugin adds a file of its own, which marks nothing unsafe.
            swiftSettings: [.swiftLanguageMode(.v6), .enableExperimentalFeature("Lifetimes")],
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]))
}
