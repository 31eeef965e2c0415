"""What stands in for the AWS Load Balancer Controller and for the load balancers it makes.

Ingresses of class `alb` are registered as application load balancers in the emulated AWS and
served by HAProxy straight to the pods' addresses, as an ALB does with target type `ip`. It works
while the release `aws-load-balancer-controller` (rehearsal/charts) is installed, which holds its
settings; without it nothing changes and finalizers stay, as without the real controller.
"""
