"""One module per public endpoint, named as in RFC 8414 metadata without "_endpoint".

Each turns one HTTP request into one gRPC call and its answer into one reply. A refusal is raised; `facade.gate` turns
it into the reply.
"""
