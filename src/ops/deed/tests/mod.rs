//! Objects as the API server gives them, and broken ones.
