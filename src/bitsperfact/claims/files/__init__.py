"""Tables that people bring, read by one reader: files, folders, data sets of the Hub, and objects in memory."""
