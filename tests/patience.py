"""How long the tests wait for what must happen: a limit for hangs, never a claim about speed."""

#: In seconds; nothing takes this long, however busy the machine is.
PATIENCE = 60
