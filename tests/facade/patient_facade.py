"""The facade, with more patience: a busy machine is not taken for a core that hangs."""

from facade import core_client
from facade.__main__ import main
from facade.web_server import drain
from tests.patience import PATIENCE

core_client.DEADLINE = PATIENCE
core_client._ORDINARY = core_client._Options(timeout=PATIENCE)
drain.__defaults__ = (PATIENCE,)

if __name__ == "__main__":
    main()
