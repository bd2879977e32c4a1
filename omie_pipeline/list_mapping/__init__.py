"""De-para: which code of Omie's stands for a value of the clinic's, and who said so."""
