# Indonesian: the price, the size, the card, and a reminder the next day.
story: price, in Indonesian
workspace: ../workspace.json

2026-03-21 10:00  putri_a comments on v46: harganya berapa kak
                  fired price-id
                  public: Cek DM ya kak
                  bot: Halo kak putri_a 🥰 Glow Serum 30ml Rp189.000, 50ml Rp279.000 ya.
                  bot: Mau ukuran yang mana kak? [Botol 30ml] [Botol 50ml] [Chat admin]
      +1m         putri_a: Botol 50ml
                  card: p_glow_serum/glow-serum-50: Klik di sini untuk pesan ya kak.
      +21h        clock
                  bot: Masih mau Botol 50ml kak? Gratis ongkir sampai tengah malam.
                  state: waiting

      +1h         dewi comments on v46: harganya berapa kak
                  fired price-id
                  public: Sudah kami DM ya kak 💕
                  bot: Halo kak dewi 🥰 Glow Serum 30ml Rp189.000, 50ml Rp279.000 ya.
                  bot: Mau ukuran yang mana kak? [Botol 30ml] [Botol 50ml] [Chat admin]
      +1m         dewi taps [Botol 30ml]
                  card: p_glow_serum/glow-serum-30: Klik di sini untuk pesan ya kak.
      +21h        clock
                  bot: Masih mau Botol 30ml kak? Gratis ongkir sampai tengah malam.
                  state: waiting

      +1h         sari99 comments on v46: harganya berapa kak
                  @putri_a state: closed (expired)
                  fired price-id
                  public: Sudah dibalas di pesan ya kak
                  bot: Halo kak sari99 🥰 Glow Serum 30ml Rp189.000, 50ml Rp279.000 ya.
                  bot: Mau ukuran yang mana kak? [Botol 30ml] [Botol 50ml] [Chat admin]
      +1m         sari99 taps [Chat admin]
                  inbox: handoff (asked for a person about the price)
                  state: human (handoff)
      +5m         putri@glow.example hands back sari99
                  state: waiting

      +1h         rina comments on v46: harganya berapa kak
                  fired price-id
                  public: Detailnya sudah kami kirim kak
                  bot: Halo kak rina 🥰 Glow Serum 30ml Rp189.000, 50ml Rp279.000 ya.
                  bot: Mau ukuran yang mana kak? [Botol 30ml] [Botol 50ml] [Chat admin]
      +1m         rina: mau tanya dulu
                  inbox: handoff (asked for a person about the price)
                  state: human (handoff)
      +5m         putri@glow.example hands back rina
                  state: waiting
