//! Each code on facts made by hand.
