"""What enforces NetworkPolicies, as the VPC CNI's agent does on EKS.

`rules` works out what each pod may do, `table` writes it as one nftables table per node,
`engine` keeps the tables true, and `plugin` makes each pod wait for its own.
"""
