"""Live streams: what a watch tells, and the response that tells it to a client as server-sent events."""

from headless.streams.event import Encode, Event, encode_event, format_event
from headless.streams.response import EventStream
from headless.streams.watch import Watch

__all__ = ["Encode", "Event", "EventStream", "Watch", "encode_event", "format_event"]
