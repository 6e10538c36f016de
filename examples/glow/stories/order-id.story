# Indonesian: how many, and a phone number.
story: order, in Indonesian
workspace: ../workspace.json

2026-03-21 10:00  putri_a comments on v46: mau order
                  fired order-id
                  public: Makasih kak, sudah kami DM
                  bot: "Mau berapa pcs kak? (ketik angka)"
      +1m         putri_a: 2
                  bot: Boleh minta nomor HP untuk pengiriman kak?
      +1m         putri_a: 081-234-5678
                  card: p_glow_serum/glow-serum-30: 2 pcs ya kak, konfirmasi lewat link ini.
                  state: waiting
