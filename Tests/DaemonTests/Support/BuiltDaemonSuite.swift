import Testing

/// Everything below starts processes and drives them over sockets. One test at a time: the waits of
/// several at once would starve each other on a machine with few cores.
@Suite(.serialized, .timeLimit(.minutes(2))) struct `The built daemon` {}
