//! An append-only record of events, synced before it is acknowledged.
