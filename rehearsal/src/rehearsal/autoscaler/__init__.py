"""What stands in for Cluster Autoscaler.

Pods that find no node make a group of the emulated Auto Scaling grow, if a new node of that group
would take them; a node that is hardly used is emptied and its instance ended. It calls AWS with
the role of its service account, and works while the release `cluster-autoscaler`
(rehearsal/charts) is installed, which holds its settings by the real program's arguments.
`rehearsal.machines` makes nodes of the instances.
"""
