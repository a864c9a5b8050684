//! Quarterdeck: the console of the person on call.
