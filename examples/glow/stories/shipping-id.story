# Indonesian: how long a parcel takes, by postal code.
story: shipping, in Indonesian
workspace: ../workspace.json

2026-03-21 10:00  putri_a comments on v46: ongkir dong
                  fired shipping-id
                  public: Cek DM ya kak
                  bot: Ongkir Rp10.000, gratis mulai Rp150.000, bisa COD kak.
                  bot: Boleh minta kode pos 5 angka kak? Kami cek harinya.
      +1m         putri_a: 10110
                  bot: Jakarta sampai dalam 1-2 hari kak.
                  card: shop: Klik di sini untuk pesan ya kak.
                  state: waiting

      +1h         dewi comments on v46: ongkir dong
                  fired shipping-id
                  public: Sudah kami DM ya kak 💕
                  bot: Ongkir Rp10.000, gratis mulai Rp150.000, bisa COD kak.
                  bot: Boleh minta kode pos 5 angka kak? Kami cek harinya.
      +1m         dewi: mau tanya dulu
                  mismatch
                  bot: Boleh minta kode pos 5 angka kak? Kami cek harinya.
      +1m         dewi: 83000
                  bot: Kode pos 83000 sampai dalam 3-5 hari kak.
                  card: shop: Klik di sini untuk pesan ya kak.
                  state: waiting
