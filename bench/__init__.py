"""Side-by-side measurements: Homeport beside other servers, and each kind beside its library."""
