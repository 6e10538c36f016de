# Indonesian: a restock notice by email.
story: stock, in Indonesian
workspace: ../workspace.json

2026-03-21 10:00  putri_a comments on v46: kapan restock
                  fired stock-id
                  public: Cek DM ya kak
                  bot: Cari produk yang mana kak? [Serum] [Cushion] [Lip]
      +1m         putri_a taps [Serum]
                  card: p_glow_serum/glow-serum-30: Klik di sini untuk pesan ya kak.
                  state: waiting

      +1h         dewi comments on v46: kapan restock
                  fired stock-id
                  public: Sudah kami DM ya kak 💕
                  bot: Cari produk yang mana kak? [Serum] [Cushion] [Lip]
      +1m         dewi: 2
                  bot: Stok sedang datang kak. Boleh minta email supaya kami kabari?
      +1m         dewi: mau tanya dulu
                  mismatch
                  bot: Stok sedang datang kak. Boleh minta email supaya kami kabari?
      +1m         dewi: me@mail.example
                  bot: Siap kak, nanti kami kabari ke me@mail.example.
                  state: waiting

      +1h         sari99 comments on v46: kapan restock
                  fired stock-id
                  public: Sudah dibalas di pesan ya kak
                  bot: Cari produk yang mana kak? [Serum] [Cushion] [Lip]
      +1m         sari99 taps [Lip]
                  bot: Stok sedang datang kak. Boleh minta email supaya kami kabari?
      +1m         sari99: you@mail.example
                  bot: Siap kak, nanti kami kabari ke you@mail.example.
                  state: waiting
