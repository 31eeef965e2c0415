"""Where EC2 differs from ministack: instances, what they are launched of, prices, network."""
