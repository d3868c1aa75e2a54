//! Scenarios of `update`: keys in, effects and model out.
