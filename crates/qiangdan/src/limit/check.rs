//! What is wrong with the limits of a hall.
