import Testing

/// The tests below start processes and drive them over sockets. They run one at a time: on a
/// machine with few cores, parallel tests would starve each other.
@Suite(.serialized, .timeLimit(.minutes(2))) struct `The built daemon` {}
