//! Normalisation (rules N1, N5, N6, N8).
