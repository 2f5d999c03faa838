//! Every code on facts made by hand.
