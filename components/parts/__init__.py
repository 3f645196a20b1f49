"""What the parts of a deployment are made from: config, project and host become arguments."""
