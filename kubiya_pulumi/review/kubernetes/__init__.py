"""What the review knows of Kubernetes: manifests, workloads and RBAC."""
