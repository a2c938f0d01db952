"""Acts of operators that no other room of these tests has."""
