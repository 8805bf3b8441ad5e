"""Which of the calls that a proxy forwards fails, and how."""
import threading

ONCE = "once"  # this call fails, without effect; the next one is well
LOST = "lost"  # this call takes effect, and its answer is lost
DENIED = "denied"  # this call and all after it are refused
LOST_THEN_DENIED = "lost, then denied"  # this call takes effect, its answer is lost, and all after it are refused
KINDS = (ONCE, LOST, DENIED, LOST_THEN_DENIED)


class CallFaults:
    """fail(n, kind): the n-th call from now on, of all connections; fail(): none, and counting begins anew. Thread-safe."""

    def __init__(self):
        self.lock = threading.Lock()
        self.fail()

    def fail(self, number=None, kind=None):
        with self.lock:
            self.calls, self.number, self.kind, self.hit = 0, number, kind, False

    def next(self):
        """What happens to the call that came: None, ONCE, LOST or DENIED."""
        with self.lock:
            self.calls += 1
            if self.number is None or self.calls < self.number:
                return None
            self.hit = True
            if self.kind in (DENIED, LOST_THEN_DENIED) and (self.kind == DENIED or self.calls > self.number):
                return DENIED
            if self.calls > self.number:
                return None
            return LOST if self.kind == LOST_THEN_DENIED else self.kind
