//! Answers from views made by hand.

mod advice;
mod arbitrary;
mod combinations;
mod disagreement;
mod reasons;
mod scene;
mod verdicts;
