//! Results as terminal text, JSON, CSV, SARIF and HTML.
