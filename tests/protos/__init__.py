"""The contract as other languages meet it: the worked example of protos/examples, built and run beside a real core."""
