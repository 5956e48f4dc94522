import CUv
import Synchronization

// `uv_async_send` may be called from any thread, but not once the handle is closed. So one lock
// protects the handle's pointer and the queue: a post finds the handle open or is refused, and
// closing clears the pointer before libuv releases the handle. Only the first post into an empty
// queue wakes the loop; the loop takes the whole queue at once.

/// Messages from any thread, delivered on the loop in the order of their posts.
///
/// The mailbox belongs to the loop; other threads hold its `address`.
package final class Mailbox<Message: Sendable> {
    /// Where other threads post.
    package let address: Address
    private let wakeUp: WakeUp

    /// The loop calls `onMessage` for each message, until the mailbox is closed.
    package init(on loop: EventLoop, onMessage: @escaping (Message) -> Void) throws(UVFault) {
        let address = Address()
        self.address = address
        wakeUp = try WakeUp(
            on: loop,
            onWake: {
                for message in address.takeAll() where address.isOpen { onMessage(message) }
            },
            onClose: { address.close() })
        unsafe address.open(wakeUp.handle(as: uv_async_t.self))
    }

    /// Whether `EventLoop.run()` keeps running because of this mailbox. True unless changed.
    package var keepsLoopRunning: Bool {
        get { wakeUp.keepsLoopRunning }
        set { wakeUp.keepsLoopRunning = newValue }
    }

    /// Closes the mailbox. Undelivered messages are dropped; later posts are refused.
    package func close() {
        wakeUp.close()
    }

    /// The sending side of a mailbox. It may outlive the mailbox.
    @safe package final class Address: Sendable {
        // SAFETY: `async` is only used under the lock, and is nil before libuv lets go of it.
        @safe private struct State: @unchecked Sendable {
            var async: UnsafeMutablePointer<uv_async_t>?
            var messages: [Message] = []
        }

        private let state = unsafe Mutex(State(async: nil))

        /// Queues a message and wakes the loop.
        ///
        /// - Returns: false if the mailbox is closed; the message is dropped.
        @discardableResult
        package func post(_ message: Message) -> Bool {
            state.withLock { state in
                guard let async = unsafe state.async else { return false }
                state.messages.append(message)
                // If earlier messages are still queued, the loop was woken already.
                if state.messages.count == 1 { unsafe uv_async_send(async) }
                return true
            }
        }

        func open(_ async: UnsafeMutablePointer<uv_async_t>) {
            state.withLock { state in unsafe state.async = async }
        }

        func close() {
            // The dropped messages are freed outside of the lock: their contents may post here.
            let dropped = state.withLock { state in
                let messages = state.messages
                state = unsafe State(async: nil)
                return messages
            }
            _ = consume dropped
        }

        /// Read on the loop, the only thread that closes.
        var isOpen: Bool {
            state.withLock { state in unsafe state.async != nil }
        }

        func takeAll() -> [Message] {
            state.withLock { state in
                let messages = state.messages
                state.messages = []
                return messages
            }
        }
    }
}

/// The handle that another thread can trigger.
@safe private final class WakeUp: EventHandle {
    private let onClose: () -> Void

    init(
        on loop: EventLoop, onWake: @escaping () -> Void, onClose: @escaping () -> Void
    ) throws(UVFault) {
        self.onClose = onClose
        try unsafe super.init(.openMailbox, onEvent: onWake) { async in
            unsafe uv_async_init(loop.raw, async) { unsafe EventHandle.notify($0) }
        }
    }

    override func willClose() { onClose() }
}
