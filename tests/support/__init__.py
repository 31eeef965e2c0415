"""What tests share: an emulated AWS, runs of modules and playbooks, servers, things to find."""
