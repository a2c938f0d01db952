"""What every engine's store must do: the promises of `core.domain.store`, run on each engine there is."""
