"""Live streams: the hub that turns changes into events, and the responder that writes them to many clients."""
