"""The core: owns every fact (clients, users, grants, keys) and every decision; speaks gRPC and nothing else."""
