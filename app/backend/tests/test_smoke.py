def test_ready(backend):
    r = backend.get("/readyz"); print(r.text)
    assert r.status_code == 200
    r = backend.upload("a.txt", "The refund period is 30 days after purchase. Shipping is free above 50 euros.")
    print(r.text); assert r.status_code == 201
    print(backend.ask("How long is the refund period?")); print(backend.ask("Who is the president of France?"))
    print(backend.log.read_text()); 
