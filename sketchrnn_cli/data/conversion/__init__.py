"""Other files of drawings become data sets."""
