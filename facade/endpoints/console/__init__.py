"""The operators' console: pages to look at, and acts that are confirmed first.

Every question and every act is the core's to answer, which knows who is an operator; this room knows nobody.
"""
