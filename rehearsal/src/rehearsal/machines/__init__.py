"""What stands in for the machines behind EC2's instances, as far as they are nodes.

An instance of the emulated EC2 that is tagged as a cluster's own (`kubernetes.io/cluster/<name>:
owned`), whoever asked for it, becomes a node of the world's cluster, with the labels and taints of
its user data. It goes, with its Node, when the instance is terminated. There is room for as many as
there are spare nodes (`rehearsal.cluster.node.SPARE`).
"""
