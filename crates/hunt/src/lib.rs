//! Reading web logs and scanning them in parallel.
