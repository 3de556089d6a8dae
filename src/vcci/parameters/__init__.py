"""Numbers that the world decided: dated, sourced data files, and the code that loads them."""
