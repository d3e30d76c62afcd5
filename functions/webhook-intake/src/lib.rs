//! API Gateway -> verify -> queue.
