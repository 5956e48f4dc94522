/// Why the demo could not be run to its end.
struct DemoFault: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
