"""What an agent says and a hub hears: quantities, readings, line protocol, batches, topics, acknowledgements."""
