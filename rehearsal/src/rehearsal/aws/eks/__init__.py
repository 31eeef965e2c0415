"""Where EKS differs from ministack: clusters, node groups and their instances, who may do what."""
