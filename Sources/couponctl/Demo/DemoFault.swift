/// Why the demo stopped early.
struct DemoFault: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
