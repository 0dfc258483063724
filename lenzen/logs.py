"""What the log says of a request: which page it was for, never which address exactly."""

import logging


class WithoutPath(logging.Filter):
    """In a path stand tokens that open what they belong to, and what people typed."""

    def filter(self, record):
        if hasattr(record, "request") and record.args:
            # Wherever Django names a path it does so last. Without a page nothing is known.
            match = record.request.resolver_match
            record.args = (*record.args[:-1], match.route if match else "…")
        return True
