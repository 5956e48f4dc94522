import FlatStorage
import UVLoop

/// Writes the requests of a run behind each other into one buffer that all connections share: a
/// connection takes its bytes before the next is served.
struct RequestWriter: ~Copyable {
    private let forms: RequestForms
    private var random: RandomNumbers
    private var running: UInt64 = 0
    private var output = ByteBuffer(capacity: 64 * 1_024)

    init(_ mix: Mix, seed: UInt64) {
        random = RandomNumbers(seed: seed)
        forms = RequestForms(mix, run: random.next(below: RequestTemplate.limitMax))
    }

    /// The requests of the last ``write(_:)``.
    var written: Span<UInt8> {
        @_lifetime(borrow self) get { output.bytes }
    }

    /// Writes `count` requests, in place of the last ones.
    mutating func write(_ count: Int) {
        output.removeAll()
        for _ in 0..<count {
            forms.append(to: &output, &random, running: running)
            running += 1
        }
    }

    /// Sends the requests of the last ``write(_:)``.
    func send(on connection: Connection) {
        connection.write(output.bytes)
    }
}

/// A mix in a form that is quick to write from: all templates behind each other in one piece of
/// memory, and nothing that is counted by reference.
struct RequestForms: ~Copyable {
    struct Form: BitwiseCopyable {
        var bytesStart: Int
        var bytesEnd: Int
        var placesStart: Int
        var placesEnd: Int
        /// The sum of the weights up to this form's.
        var weightEnd: UInt64
    }

    struct Place: BitwiseCopyable {
        var offset: Int
        /// What it holds is one of the numbers below this; nil for the running number.
        var limit: UInt64?
    }

    private var templates = ByteBuffer()
    private var forms = FlatArray<Form>()
    private var places = FlatArray<Place>()

    /// The mix with `run` in place of `${run}`.
    init(_ mix: Mix, run: UInt64) {
        var weightEnd: UInt64 = 0
        for entry in mix.entries {
            weightEnd += UInt64(entry.weight)
            let (bytesStart, placesStart) = (templates.count, places.count)
            templates.append(entry.template.bytes.span)
            for place in entry.template.places {
                switch place.number {
                case .running: places.append(Place(offset: place.offset, limit: nil))
                case .random(let limit): places.append(Place(offset: place.offset, limit: limit))
                case .run: templates.writeNumber(run, at: bytesStart + place.offset)
                }
            }
            forms.append(
                Form(
                    bytesStart: bytesStart, bytesEnd: templates.count, placesStart: placesStart,
                    placesEnd: places.count, weightEnd: weightEnd))
        }
    }

    /// Appends one request, picked at random.
    func append(to output: inout ByteBuffer, _ random: inout RandomNumbers, running: UInt64) {
        let form = forms[pick(&random)]
        let start = output.count
        output.append(templates.bytes(in: form.bytesStart..<form.bytesEnd))
        for index in form.placesStart..<form.placesEnd {
            let place = places[index]
            let number = if let limit = place.limit { random.next(below: limit) } else { running }
            output.writeNumber(number, at: start + place.offset)
        }
    }

    private func pick(_ random: inout RandomNumbers) -> Int {
        if forms.count == 1 { return 0 }
        let ticket = random.next(below: forms[forms.count - 1].weightEnd)
        var index = 0
        while forms[index].weightEnd <= ticket { index += 1 }
        return index
    }
}

extension ByteBuffer {
    /// Writes the last ten digits of `number` over the bytes from `offset` on.
    fileprivate mutating func writeNumber(_ number: UInt64, at offset: Int) {
        var rest = number
        for index in (offset..<(offset + RequestTemplate.numberByteCount)).reversed() {
            self[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}

/// Repeatable random numbers (SplitMix64).
package struct RandomNumbers: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// At least 0 and less than `limit`, which is at least 1.
    mutating func next(below limit: UInt64) -> UInt64 {
        // The high half of the product: even to one part in 2^64 / limit, and no division.
        next().multipliedFullWidth(by: limit).high
    }
}
