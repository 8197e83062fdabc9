//! Exchange builds, updates, fixes and places.
