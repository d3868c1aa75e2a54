//! The headless cockpit over the real sources on in-memory servers, with the clock held still.

mod credentials;
mod faults;
mod panics;
mod stand;
